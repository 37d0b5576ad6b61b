package dev.ect.model.engine;

import java.util.Set;

/** Follows a {@link Tape} that is played backwards, on the thread that plays it. */
public interface BackwardListener {
  /** Follows nothing. */
  BackwardListener NONE =
      new BackwardListener() {
        @Override
        public void begin(Set<Parameter> pending) {
          // Nobody wants to know.
        }

        @Override
        public void complete(Parameter parameter) {
          // Nobody wants to know.
        }
      };

  /**
   * Playing begins.
   *
   * @param pending the parameters whose gradients the tape may add to; all others stay as they are
   */
  void begin(Set<Parameter> pending);

  /** The tape will not add to this parameter's gradient any more. */
  void complete(Parameter parameter);
}
