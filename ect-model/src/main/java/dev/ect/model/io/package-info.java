/**
 * Files as streams: the one way in and out, so that any file system can stand behind it; zips and
 * NumPy arrays on top of them.
 */
package dev.ect.model.io;
