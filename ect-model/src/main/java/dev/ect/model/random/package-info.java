/** Counter-based random numbers: every draw is addressed, none depends on who computes it. */
package dev.ect.model.random;
