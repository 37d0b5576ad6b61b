package dev.ect.model.engine;

/**
 * A trained tensor and where its gradient is gathered.
 *
 * @param name its PyTorch name, for example {@code model.enc.32x32_block0.conv0.weight}
 * @param value the weights
 * @param gradient of the same shape; backward passes add into it. Null where no gradient is wanted
 */
public record Parameter(String name, Tensor value, Tensor gradient) {}
