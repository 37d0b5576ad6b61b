/** How far generated images are from real ones, and the detector networks that it takes. */
package dev.ect.model.metrics;
