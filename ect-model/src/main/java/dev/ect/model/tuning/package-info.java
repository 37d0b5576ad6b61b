/** Losses, optimisers, moving averages and the training step of one replica. */
package dev.ect.model.tuning;
