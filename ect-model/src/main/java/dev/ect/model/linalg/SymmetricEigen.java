package dev.ect.model.linalg;

/**
 * Eigenvalues and eigenvectors of a symmetric matrix: {@code S = V^T diag(values) V} with
 * orthonormal rows of V.
 *
 * @param values [n], ascending
 * @param vectors [n, n] row-major; row i belongs to value i
 */
public record SymmetricEigen(double[] values, double[] vectors) {}
