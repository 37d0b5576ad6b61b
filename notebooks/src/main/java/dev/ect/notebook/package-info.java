/** A Jupyter kernel for Java cells that run in the JVM of their Spark session. */
package dev.ect.notebook;
