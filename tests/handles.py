# handles.py MOUNT FILE [PATH...]
#
# With paths: writes a handle for each of them to FILE (name_to_handle_at). Without paths: opens each handle of FILE in
# the mount, and prints the path with "is there", "differs" or the error.
import ctypes, json, os, sys

libc = ctypes.CDLL(None, use_errno=True)
AT_FDCWD = -100
mount, file, paths = sys.argv[1], sys.argv[2], sys.argv[3:]


class Handle(ctypes.Structure):
    _fields_ = [('bytes', ctypes.c_uint), ('type', ctypes.c_int), ('handle', ctypes.c_char * 128)]


if paths:
    made = []
    for path in paths:
        h, mount_id = Handle(bytes=128), ctypes.c_int()
        if libc.name_to_handle_at(AT_FDCWD, path.encode(), ctypes.byref(h), ctypes.byref(mount_id), 0) < 0:
            sys.exit('%s: %s' % (path, os.strerror(ctypes.get_errno())))
        made.append((path, h.type, ctypes.string_at(ctypes.addressof(h) + 8, h.bytes).hex()))
    with open(file, 'w') as f:
        json.dump(made, f)
    sys.exit()
where = os.open(mount, os.O_RDONLY)
for path, kind, text in json.load(open(file)):
    raw = bytes.fromhex(text)
    h = Handle(bytes=len(raw), type=kind)
    ctypes.memmove(ctypes.addressof(h) + 8, raw, len(raw))
    fd = libc.open_by_handle_at(where, ctypes.byref(h), os.O_PATH)
    if fd < 0:
        print('%s: %s' % (path[len(mount):], os.strerror(ctypes.get_errno())))
        continue
    st, now = os.fstat(fd), os.lstat(path)
    print('%s %s' % (path[len(mount):], 'is there' if (st.st_ino, st.st_size, st.st_mode) == (now.st_ino, now.st_size,
          now.st_mode) else 'differs'))
    os.close(fd)
