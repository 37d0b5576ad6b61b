package dev.ect.model.metrics;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/** The networks whose features images are compared by. Users bring the files. */
public enum DetectorKind {
  /**
   * Inception v3 as FID, KID and the Inception score were defined with it: the original TensorFlow
   * weights.
   */
  INCEPTION(2048, "inception-2015-12-05.pt of the StyleGAN3 metrics on NVIDIA's NGC catalog"),
  /** VGG16, for precision and recall. */
  VGG16(4096, "vgg16.pt of the StyleGAN3 metrics on NVIDIA's NGC catalog"),
  /** DINOv2 ViT-L/14, for FD-DINOv2. */
  DINOV2(
      1024,
      "DINOv2 ViT-L/14 (dinov2_vitl14) of facebookresearch/dinov2, traced with torch.jit.trace");

  private final int width;
  private final String published;

  DetectorKind(int width, String published) {
    this.width = width;
    this.published = published;
  }

  /** The name in configurations: {@code inception}, {@code vgg16} or {@code dinov2}. */
  public String id() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** Features per image of the published file. */
  public int width() {
    return width;
  }

  /** The published file and where it is, in one phrase. */
  public String published() {
    return published;
  }

  /**
   * @throws IllegalArgumentException if no kind has that name
   */
  public static DetectorKind of(String id) {
    for (DetectorKind kind : values()) {
      if (kind.id().equals(id)) {
        return kind;
      }
    }
    throw new IllegalArgumentException(
        "detector is '"
            + id
            + "'; expected one of "
            + Arrays.stream(values()).map(DetectorKind::id).collect(Collectors.joining(", ")));
  }
}
