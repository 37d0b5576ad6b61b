package dev.ect.spark.report;

import dev.ect.model.io.Addresses;
import java.beans.PropertyChangeListener;
import java.util.Locale;
import java.util.UUID;
import java.util.function.Consumer;
import org.apache.logging.log4j.Level;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.core.LogEvent;
import org.apache.logging.log4j.core.LoggerContext;
import org.apache.logging.log4j.core.appender.AbstractAppender;
import org.apache.logging.log4j.core.config.Configuration;
import org.apache.logging.log4j.core.config.Property;

/**
 * Hands log events on as lines, without the secrets of addresses. It hangs on log4j's root logger,
 * also after log4j has been configured anew.
 */
final class LogTailAppender extends AbstractAppender implements AutoCloseable {
  private final Consumer<String> lines;
  private final LoggerContext context;
  private final PropertyChangeListener again = change -> hang();
  private boolean closed;

  private LogTailAppender(LoggerContext context, Consumer<String> lines) {
    // Log4j tells appenders apart by their names.
    super("ect-tail-" + UUID.randomUUID(), null, null, true, Property.EMPTY_ARRAY);
    this.context = context;
    this.lines = lines;
  }

  /**
   * Begins.
   *
   * @return ends it
   */
  static AutoCloseable attach(Consumer<String> lines) {
    if (!(LogManager.getContext(LogTailAppender.class.getClassLoader(), false)
        instanceof LoggerContext context)) {
      return () -> {};
    }
    LogTailAppender appender = new LogTailAppender(context, lines);
    context.addPropertyChangeListener(appender.again);
    appender.hang();
    return appender;
  }

  private synchronized void hang() {
    if (closed) {
      return;
    }
    Configuration configuration = context.getConfiguration();
    if (configuration.getRootLogger().getAppenders().containsKey(getName())) {
      return;
    }
    start();
    configuration.getRootLogger().addAppender(this, null, null);
    context.updateLoggers();
  }

  @Override
  public void append(LogEvent event) {
    String logger = event.getLoggerName();
    boolean ours = logger.startsWith("dev.ect.") || logger.startsWith("org.nd4j.parameterserver.");
    if (!ours && !event.getLevel().isMoreSpecificThan(Level.WARN)) {
      return;
    }
    String thrown = event.getThrown() == null ? "" : ": " + event.getThrown();
    lines.accept(
        Addresses.hideSecrets(
            String.format(
                Locale.ROOT,
                "%-5s %s: %s%s",
                event.getLevel(),
                logger.substring(logger.lastIndexOf('.') + 1),
                event.getMessage().getFormattedMessage(),
                thrown)));
  }

  @Override
  public synchronized void close() {
    closed = true;
    context.removePropertyChangeListener(again);
    context.getConfiguration().getRootLogger().removeAppender(getName());
    context.updateLoggers();
    stop();
  }
}
