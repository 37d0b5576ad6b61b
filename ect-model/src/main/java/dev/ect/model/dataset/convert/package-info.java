/**
 * Makes EDM datasets of other collections of images: sources, transforms, and an ordered pipeline
 * between them and the writer.
 */
package dev.ect.model.dataset.convert;
