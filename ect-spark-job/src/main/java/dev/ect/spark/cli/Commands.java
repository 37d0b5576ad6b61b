package dev.ect.spark.cli;

import java.io.PrintStream;
import java.lang.reflect.Constructor;
import picocli.CommandLine;
import picocli.CommandLine.IFactory;

/** Makes command objects; those that print are given where. */
record Commands(PrintStream out) implements IFactory {
  @Override
  public <K> K create(Class<K> type) throws Exception {
    for (Constructor<?> constructor : type.getDeclaredConstructors()) {
      if (constructor.getParameterCount() == 1
          && constructor.getParameterTypes()[0] == PrintStream.class) {
        return type.cast(constructor.newInstance(out));
      }
    }
    return CommandLine.defaultFactory().create(type);
  }
}
