/** The kernels on LibTorch: CPU and CUDA; float32, TF32 and bfloat16. */
package dev.ect.model.engine.torch;
