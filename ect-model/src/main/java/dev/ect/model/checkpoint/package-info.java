/** Weights and states as files: reading and writing the safetensors format. */
package dev.ect.model.checkpoint;
