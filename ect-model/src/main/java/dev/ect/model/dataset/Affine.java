package dev.ect.model.dataset;

/** The affine map {@code (x, y) -> (xx x + xy y + x0, yx x + yy y + y0)} of the plane. */
record Affine(double xx, double xy, double x0, double yx, double yy, double y0) {
  static final Affine IDENTITY = scale(1, 1);

  static Affine scale(double x, double y) {
    return new Affine(x, 0, 0, 0, y, 0);
  }

  static Affine translate(double x, double y) {
    return new Affine(1, 0, x, 0, 1, y);
  }

  static Affine rotate(double angle) {
    double cos = Math.cos(angle);
    double sin = Math.sin(angle);
    return new Affine(cos, -sin, 0, sin, cos, 0);
  }

  /** This map after {@code first}. */
  Affine after(Affine first) {
    return new Affine(
        xx * first.xx + xy * first.yx,
        xx * first.xy + xy * first.yy,
        x(first.x0, first.y0),
        yx * first.xx + yy * first.yx,
        yx * first.xy + yy * first.yy,
        y(first.x0, first.y0));
  }

  double x(double x, double y) {
    return xx * x + xy * y + x0;
  }

  double y(double x, double y) {
    return yx * x + yy * y + y0;
  }
}
