package dev.ect.model.engine;

/**
 * The fixed settings of a group normalisation kernel.
 *
 * @param groups number of channel groups; divides the number of channels
 * @param eps added to the variance
 * @param silu whether {@code z * sigmoid(z)} follows, in the same kernel
 */
public record GroupNorm(int groups, double eps, boolean silu) {}
