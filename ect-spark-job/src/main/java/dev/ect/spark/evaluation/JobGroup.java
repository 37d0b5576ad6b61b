package dev.ect.spark.evaluation;

import org.apache.spark.SparkContext;

/** Names this thread's Spark jobs for a while, and gives the caller's own name back at the end. */
final class JobGroup implements AutoCloseable {
  private static final String[] PROPERTIES = {
    "spark.jobGroup.id", "spark.job.description", "spark.job.interruptOnCancel"
  };

  private final SparkContext spark;
  private final String[] before = new String[PROPERTIES.length];

  /** Begins; the jobs can be cancelled as {@link Evaluator#JOB_GROUP}. */
  JobGroup(SparkContext spark, String description) {
    this.spark = spark;
    for (int i = 0; i < before.length; i++) {
      before[i] = spark.getLocalProperty(PROPERTIES[i]);
    }
    spark.setJobGroup(Evaluator.JOB_GROUP, description, false);
  }

  @Override
  public void close() {
    for (int i = 0; i < before.length; i++) {
      spark.setLocalProperty(PROPERTIES[i], before[i]);
    }
  }
}
