package dev.ect.model.dataset;

import dev.ect.model.io.Sha256;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.security.DigestOutputStream;

/**
 * Where the images of a dataset lie and which labels they have: all that executors need to read
 * their own. Small, immutable, serialisable.
 */
public final class DatasetIndex implements Serializable {
  private static final long serialVersionUID = 1;

  /** How the images are stored. */
  public enum Kind {
    /** One file per image. */
    FOLDER,
    /** Entries of one zip file. */
    ZIP
  }

  private final String path;
  private final Kind kind;
  private final String name;
  private final ImageShape shape;
  private final ImageEntries entries;
  private final int[] classes;
  private final float[][] vectors;
  private final int labelDim;
  private final boolean xflip;
  private final String contentKey;

  /**
   * @param classes class of each entry; null where labels are not classes
   * @param vectors label vector of each entry; null where labels are not vectors
   */
  DatasetIndex(
      String path,
      Kind kind,
      String name,
      ImageShape shape,
      ImageEntries entries,
      int[] classes,
      float[][] vectors,
      int labelDim,
      boolean xflip) {
    this.path = path;
    this.kind = kind;
    this.name = name;
    this.shape = shape;
    this.entries = entries;
    this.classes = classes;
    this.vectors = vectors;
    this.labelDim = labelDim;
    this.xflip = xflip;
    contentKey = computeContentKey();
  }

  /** The folder or zip. */
  public String path() {
    return path;
  }

  /** How the images are stored. */
  public Kind kind() {
    return kind;
  }

  /** The last part of the path, without {@code .zip}. */
  public String name() {
    return name;
  }

  /** Shape of every image. */
  public ImageShape shape() {
    return shape;
  }

  /** Number of images, mirrored copies included. */
  public int size() {
    return xflip ? 2 * originals() : originals();
  }

  /** Number of stored images in use: {@link #size}, or half of it where mirrored copies follow. */
  public int originals() {
    return entries.count();
  }

  /** Whether image i is a mirrored copy. */
  public boolean mirrored(int i) {
    return entry(i) != i;
  }

  /** Image i's name inside the dataset, for example {@code 00000/img00000042.png}. */
  public String imageName(int i) {
    return entries.name(entry(i));
  }

  /** Width of the labels: number of classes, or length of the vectors; 0 where unlabelled. */
  public int labelDim() {
    return labelDim;
  }

  /**
   * Image i's label as the network takes it: one-hot, or the vector; of length {@link #labelDim}.
   */
  public float[] label(int i) {
    int entry = entry(i);
    if (vectors != null) {
      return vectors[entry].clone();
    }
    float[] label = new float[labelDim];
    if (classes != null) {
      label[classes[entry]] = 1;
    }
    return label;
  }

  /** Image i's class; -1 where the set is unlabelled or its labels are vectors. */
  public int classOf(int i) {
    int entry = entry(i);
    return classes == null ? -1 : classes[entry];
  }

  /**
   * Identity of the set as indexed: a hash (64 hexadecimal digits) over the files' names, sizes,
   * checksums (zip) or modification times (folder), labels, subset and mirroring. It does not
   * depend on where the dataset lies.
   */
  public String contentKey() {
    return contentKey;
  }

  ImageEntries entries() {
    return entries;
  }

  /** The stored image behind image i. */
  int entry(int i) {
    if (i < 0 || i >= size()) {
      throw new IndexOutOfBoundsException("image " + i + " of " + size());
    }
    return i < originals() ? i : i - originals();
  }

  private String computeContentKey() {
    try (DigestOutputStream digest =
            new DigestOutputStream(OutputStream.nullOutputStream(), Sha256.digest());
        DataOutputStream out = new DataOutputStream(digest)) {
      out.writeUTF(kind + " " + shape + " " + labelDim + " " + xflip);
      for (int i = 0; i < entries.count(); i++) {
        out.writeUTF(entries.name(i));
        out.writeInt(entries.size(i));
        out.writeLong(kind == Kind.ZIP ? entries.crc(i) : entries.header(i));
        if (classes != null) {
          out.writeInt(classes[i]);
        }
        for (int j = 0; vectors != null && j < labelDim; j++) {
          out.writeFloat(vectors[i][j]);
        }
      }
      return Sha256.hex(digest.getMessageDigest().digest());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
