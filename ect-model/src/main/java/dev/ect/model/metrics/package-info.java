/** How far generated images are from real ones. */
package dev.ect.model.metrics;
