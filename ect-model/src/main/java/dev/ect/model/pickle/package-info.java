/**
 * Python's pickles as data. Nothing in a pickle is executed, imported or looked up: calls stay
 * descriptions of calls.
 */
package dev.ect.model.pickle;
