package dev.ect.spark.report;

import java.io.Serializable;

/**
 * A run that begins or goes on.
 *
 * @param directory what it leaves behind
 * @param step optimiser steps done before
 * @param images images processed before
 * @param provenance what it is made of
 */
public record RunStart(RunDirectory directory, long step, long images, Provenance provenance)
    implements Serializable {
  private static final long serialVersionUID = 1L;
}
