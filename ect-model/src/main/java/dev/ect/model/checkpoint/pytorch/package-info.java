/**
 * PyTorch's files: {@code torch.save} files and pickles, read as data and never executed, and
 * {@code torch.save} files written.
 */
package dev.ect.model.checkpoint.pytorch;
