/** Dense linear algebra on row-major Java arrays, by OpenBLAS. */
package dev.ect.model.linalg;
