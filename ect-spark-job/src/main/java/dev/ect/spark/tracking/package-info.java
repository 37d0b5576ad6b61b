/** Runs as other programs follow them: TensorBoard and MLflow. */
package dev.ect.spark.tracking;
