/**
 * Images and labels in the EDM format: indexing, reading, order of use, writing, resizing, and
 * procedural sets.
 */
package dev.ect.model.dataset;
