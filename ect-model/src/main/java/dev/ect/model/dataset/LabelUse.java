package dev.ect.model.dataset;

/** What to do about a dataset's labels. */
public enum LabelUse {
  /** The set counts as unlabelled; its labels are not looked at. */
  IGNORE,
  /** Labels are used if the set has them. */
  IF_PRESENT,
  /** A set without labels is an error. */
  REQUIRE
}
