package dev.ect.notebook;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.util.Map;
import jdk.jshell.execution.DirectExecutionControl;
import jdk.jshell.spi.ExecutionControl;
import jdk.jshell.spi.ExecutionControlProvider;
import jdk.jshell.spi.ExecutionEnv;

/** Runs JShell's snippets in this JVM, on the thread that asks, and keeps what they gave. */
final class Cells extends DirectExecutionControl implements ExecutionControlProvider {
  private Object value;
  private Throwable thrown;
  private Thread working;
  private boolean stopped;

  /** Forgets that an earlier cell was stopped. */
  synchronized void beginCell() {
    stopped = false;
  }

  /** Whether the cell is to end. */
  synchronized boolean isStopped() {
    return stopped;
  }

  /** Forgets what earlier snippets gave. */
  void forget() {
    value = null;
    thrown = null;
  }

  /** What the latest snippet gave; null for nothing. */
  Object value() {
    return value;
  }

  /** What it threw; null for nothing. */
  Throwable thrown() {
    return thrown;
  }

  @Override
  protected String invoke(Method method) throws Exception {
    begin(Thread.currentThread());
    try {
      value = method.invoke(null);
      return "";
    } catch (InvocationTargetException e) {
      thrown = e.getCause();
      throw e;
    } finally {
      end();
    }
  }

  private synchronized void begin(Thread thread) {
    working = thread;
    if (stopped) {
      thread.interrupt();
    }
  }

  private synchronized void end() {
    working = null;
    // An interruption was meant for the snippet alone.
    Thread.interrupted();
  }

  /** Ends the cell: interrupts the snippet that runs. */
  @Override
  public synchronized void stop() {
    stopped = true;
    if (working != null) {
      working.interrupt();
    }
  }

  @Override
  public String name() {
    return "ect";
  }

  @Override
  public ExecutionControl generate(ExecutionEnv env, Map<String, String> parameters) {
    return this;
  }
}
