/** Generation of images and what is done with their pixels. */
package dev.ect.model.sampling;
