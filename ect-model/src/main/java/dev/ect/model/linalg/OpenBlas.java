package dev.ect.model.linalg;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.openblas.global.openblas;

/**
 * OpenBLAS with a number of threads, from {@link #use} to {@link #close}. Every native call of this
 * package is made within one; the first loads the library.
 *
 * <p>OpenBLAS has one number of threads for the whole process, so the bookkeeping is the process's
 * too. While calls overlap the largest number asked for holds for all of them; when the last is
 * over the number is again what it was before the first, unless somebody else has changed it.
 */
final class OpenBlas implements AutoCloseable {
  private static final Object LOCK = new Object();

  /** What the calls under way have asked for. */
  private static final List<Integer> WANTED = new ArrayList<>();

  /** The number before the first of them. */
  private static int before;

  private final int threads;

  private OpenBlas(int threads) {
    this.threads = threads;
  }

  /**
   * @param threads at least 1
   * @throws IllegalStateException if the library does not load here
   */
  static OpenBlas use(int threads) {
    if (threads < 1) {
      throw new IllegalArgumentException(threads + " threads; expected at least 1");
    }
    load();
    synchronized (LOCK) {
      if (WANTED.isEmpty()) {
        before = current();
      }
      WANTED.add(threads);
      set(Collections.max(WANTED));
    }
    return new OpenBlas(threads);
  }

  @Override
  public void close() {
    synchronized (LOCK) {
      boolean ours = current() == Collections.max(WANTED);
      WANTED.remove(Integer.valueOf(threads));
      if (ours) {
        set(WANTED.isEmpty() ? before : Collections.max(WANTED));
      }
    }
  }

  /**
   * The number of threads that JavaCPP set last, as both engines do; it cannot say what OpenBLAS
   * starts with, so before that it is 1, the engines' choice.
   */
  static int current() {
    return Math.max(openblas.blas_get_num_threads(), 1);
  }

  private static void set(int number) {
    // To set it again takes OpenBLAS up to a millisecond.
    if (openblas.blas_get_num_threads() != number) {
      openblas.blas_set_num_threads(number);
    }
  }

  private static void load() {
    try {
      Loader.load(openblas.class);
    } catch (LinkageError e) {
      Throwable cause =
          e instanceof ExceptionInInitializerError && e.getCause() != null ? e.getCause() : e;
      throw new IllegalStateException(
          "OpenBLAS does not load here ("
              + cause.getClass().getSimpleName()
              + ": "
              + String.valueOf(cause.getMessage()).lines().findFirst().orElse("")
              + "); see that org.bytedeco:openblas is on the class path for "
              + System.getProperty("os.name")
              + " "
              + System.getProperty("os.arch"),
          e);
    }
  }
}
