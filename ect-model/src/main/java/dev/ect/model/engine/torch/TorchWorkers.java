package dev.ect.model.engine.torch;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.bytedeco.pytorch.global.torch;

/**
 * Threads that run chains of LibTorch operations side by side, each operation on one thread, so
 * that what one writes is still in that core's cache when the next one reads it.
 */
final class TorchWorkers implements AutoCloseable {
  /** One of many tasks that do not depend on each other. */
  interface Task {
    /**
     * Runs; native objects that it makes are freed afterwards.
     *
     * @param task from 0
     * @param worker from 0; tasks of one worker never overlap
     */
    void run(int task, int worker);
  }

  private final int count;
  private ExecutorService threads;

  /**
   * @param count at least 1; the threads start with the first tasks
   */
  TorchWorkers(int count) {
    this.count = count;
  }

  int count() {
    return count;
  }

  /**
   * Runs tasks 0 to {@code tasks - 1} and waits for them.
   *
   * @throws RuntimeException what a task threw
   */
  void run(int tasks, Task task) {
    if (threads == null) {
      threads = Executors.newFixedThreadPool(count, TorchWorkers::thread);
    }
    AtomicInteger next = new AtomicInteger();
    List<Future<?>> running = new ArrayList<>();
    RuntimeException failure = null;
    try {
      for (int worker = 0; worker < Math.min(count, tasks); worker++) {
        int own = worker;
        running.add(threads.submit(() -> work(tasks, task, next, own)));
      }
    } finally {
      // The tasks use the caller's memory: it must not go on before they have ended.
      for (Future<?> each : running) {
        RuntimeException thrown = await(each);
        failure = failure != null ? failure : thrown;
      }
    }
    if (failure != null) {
      throw failure;
    }
  }

  private static void work(int tasks, Task task, AtomicInteger next, int worker) {
    for (int i = next.getAndIncrement(); i < tasks; i = next.getAndIncrement()) {
      try (Scope scope = new Scope()) {
        task.run(i, worker);
      }
    }
  }

  /** What a task threw, or null; waits even when the calling thread is interrupted. */
  private static RuntimeException await(Future<?> task) {
    boolean interrupted = false;
    try {
      while (true) {
        try {
          task.get();
          return null;
        } catch (InterruptedException e) {
          interrupted = true;
        } catch (ExecutionException e) {
          return e.getCause() instanceof RuntimeException r
              ? r
              : new IllegalStateException(e.getCause());
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private static Thread thread(Runnable work) {
    Thread thread =
        new Thread(
            () -> {
              torch.set_num_threads(1);
              work.run();
            },
            "ect-torch");
    thread.setDaemon(true);
    return thread;
  }

  @Override
  public void close() {
    if (threads != null) {
      threads.shutdown();
      threads = null;
    }
  }
}
