package dev.ect.model.io;

/**
 * A file or folder in a {@link Store}.
 *
 * @param path where it lies, in the form that the store's other methods take
 * @param name its path below the folder that was listed, with {@code /} between the parts; for a
 *     single file its last part
 * @param length bytes; 0 for a folder
 * @param modified when it was last changed, milliseconds since 1970
 * @param directory whether it is a folder
 */
public record StoredFile(String path, String name, long length, long modified, boolean directory) {}
