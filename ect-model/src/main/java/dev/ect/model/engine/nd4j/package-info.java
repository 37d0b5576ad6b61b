/** The kernels in ND4J operations, float32. */
package dev.ect.model.engine.nd4j;
