/**
 * The kernels that networks, tuning and sampling are made of, behind one interface, and the tape
 * that plays them backwards.
 */
package dev.ect.model.engine;
