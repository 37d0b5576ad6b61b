package dev.ect.model.engine;

import java.util.List;

/**
 * What a kernel made, with what its backward kernel wants to see again. The receiver owns and
 * closes all of it.
 *
 * @param output the kernel's output
 * @param saved tensors for the backward kernel, in an order that only the engine knows; empty if
 *     nothing was to be saved
 */
public record Result(Tensor output, List<Tensor> saved) {}
