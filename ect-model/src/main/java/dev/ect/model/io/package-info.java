/** Files as streams: the one way in and out, so that any file system can stand behind it. */
package dev.ect.model.io;
