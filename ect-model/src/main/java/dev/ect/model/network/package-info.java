/**
 * The U-Nets and the denoiser made of them: specification, parameters and their initial values,
 * preconditioning, replayable dropout.
 */
package dev.ect.model.network;
