package dev.ect.spark.evaluation;

import org.apache.spark.SparkContext;

/**
 * Names this thread's Spark jobs for a while, and gives the caller's own name back at the end. By
 * the name of their group, jobs can be cancelled.
 */
public final class JobGroup implements AutoCloseable {
  private static final String ID = "spark.jobGroup.id";
  private static final String[] PROPERTIES = {
    ID, "spark.job.description", "spark.job.interruptOnCancel"
  };

  private final SparkContext spark;
  private final String[] before = new String[PROPERTIES.length];

  /**
   * Begins a group.
   *
   * @param id its name
   * @param description of the jobs, for Spark's pages
   */
  public JobGroup(SparkContext spark, String id, String description) {
    this.spark = spark;
    for (int i = 0; i < before.length; i++) {
      before[i] = spark.getLocalProperty(PROPERTIES[i]);
    }
    spark.setJobGroup(id, description, false);
  }

  /** Describes further jobs of the group that the thread has, or of {@code ect} if it has none. */
  JobGroup(SparkContext spark, String description) {
    this(spark, current(spark), description);
  }

  private static String current(SparkContext spark) {
    String id = spark.getLocalProperty(ID);
    return id == null ? "ect" : id;
  }

  @Override
  public void close() {
    for (int i = 0; i < before.length; i++) {
      spark.setLocalProperty(PROPERTIES[i], before[i]);
    }
  }
}
