package dev.ect.model.engine;

/** What the parts of {@link EngineContractTest} work with. */
interface EngineContract {
  /** The tested engine, open. */
  Engine engine();

  /** A fresh engine of the tested kind; the caller closes it. */
  Engine fresh();

  /** Largest accepted error of float32 kernels, as a part of the result's largest value. */
  double tolerance();

  /** Inputs for the tested engine and for a reference. */
  default Twins twins() {
    return new Twins(engine(), tolerance());
  }

  /** Whether tensors lie outside the Java heap, whose own growth says nothing about leaks. */
  default boolean usesNativeMemory() {
    return true;
  }
}
