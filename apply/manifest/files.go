package manifest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	symlinkMessage = "symlink not allowed; commit the file itself"
	lfsMessage     = "a Git LFS pointer is not supported; commit the file itself"
	lfsPointer     = "version https://git-lfs.github.com/spec/"
)

// errTooMany ends the walk; what it is about was reported.
var errTooMany = errors.New("too many files")

// list returns the paths of all files with manifests, sorted. Sizes are added up here, before any file is read.
func (r *reader) list(ctx context.Context) ([]string, error) {
	var found []string
	var size int64
	err := fs.WalkDir(r.files, r.folder, func(name string, entry fs.DirEntry, err error) error {
		if err = errors.Join(err, ctx.Err()); err != nil {
			return err
		}
		if name != r.folder && hidden(name) {
			return skip(entry)
		}
		if strings.ContainsFunc(path.Base(name), unicode.IsControl) || !utf8.ValidString(name) {
			r.report(Error{File: name, Message: "control character in the name"})
			return skip(entry)
		}
		if !r.wanted(name, entry) {
			return nil
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		if info.Size() > MaxFileSize {
			r.report(Error{File: name, Message: fmt.Sprintf("larger than %d bytes", MaxFileSize)})
			return nil
		}
		size += info.Size()
		found = append(found, name)
		return r.tooMany(len(found), size)
	})
	if errors.Is(err, errTooMany) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read manifests: %w", err)
	}
	slices.Sort(found)
	return found, nil
}

func hidden(name string) bool { return strings.HasPrefix(path.Base(name), ".") }

func skip(entry fs.DirEntry) error {
	if entry.IsDir() {
		return fs.SkipDir
	}
	return nil
}

// wanted says whether a file is one to read, and reports what must not be passed over in silence: a list of manifests that
// is shorter than what the author sees would delete objects.
func (r *reader) wanted(name string, entry fs.DirEntry) bool {
	switch {
	case entry.Type()&fs.ModeSymlink != 0:
		r.report(Error{File: name, Message: symlinkMessage})
	case entry.IsDir():
	case isKustomization(name):
		r.report(Error{File: name, Message: "a kustomization below a folder without one; make " + path.Dir(name) +
			" the app's path"})
	case !isYAML(name) && !isJSON(name):
	case !entry.Type().IsRegular():
		r.report(Error{File: name, Message: "not a regular file"})
	default:
		return true
	}
	return false
}

// kustomizationNames are the names by which kustomize knows its files.
func kustomizationNames() []string {
	return []string{"kustomization.yaml", "kustomization.yml", "Kustomization"}
}

func isKustomization(name string) bool { return slices.Contains(kustomizationNames(), path.Base(name)) }

func isYAML(name string) bool { ext := path.Ext(name); return ext == ".yaml" || ext == ".yml" }
func isJSON(name string) bool { return path.Ext(name) == ".json" }

// tooMany ends the walk at once when files or size are past the limit.
func (r *reader) tooMany(files int, size int64) error {
	switch {
	case files > MaxFiles:
		r.report(Error{Message: fmt.Sprintf("more than %d files with manifests", MaxFiles)})
	case size > MaxSize:
		r.report(Error{Message: fmt.Sprintf("manifests larger than %d bytes in all", MaxSize)})
	default:
		return nil
	}
	return errTooMany
}

// load reads a file of at most MaxFileSize, whatever its FileInfo said. A larger one is reported, and ok is false.
func (r *reader) load(name string) (text []byte, ok bool, err error) {
	f, err := r.files.Open(name)
	if err != nil {
		return nil, false, fmt.Errorf("read manifests: %w", err)
	}
	defer func() { _ = f.Close() }() // nothing was written
	text, err = io.ReadAll(io.LimitReader(f, MaxFileSize+1))
	if err != nil {
		return nil, false, fmt.Errorf("read manifest %s: %w", name, err)
	}
	if len(text) > MaxFileSize {
		r.report(Error{File: name, Message: fmt.Sprintf("larger than %d bytes", MaxFileSize)})
		return nil, false, nil
	}
	r.set.Files++
	return text, true, nil
}

// plainText drops a byte order mark and refuses what is no text, or a large file's stand-in.
func (r *reader) plainText(name string, text []byte) ([]byte, bool) {
	text = bytes.TrimPrefix(text, byteOrderMark)
	if bytes.HasPrefix(text, []byte(lfsPointer)) {
		r.report(Error{File: name, Line: 1, Message: lfsMessage})
		return nil, false
	}
	unwanted := control
	if !utf8.Valid(text) {
		unwanted = func(c rune) bool { return c == utf8.RuneError || control(c) }
	}
	at := bytes.IndexFunc(text, unwanted)
	if at < 0 {
		return text, true
	}
	line := 1 + bytes.Count(text[:at], []byte("\n"))
	r.report(Error{File: name, Line: line, Message: "not plain UTF-8 text"})
	return nil, false
}

// control says whether YAML allows no such character anywhere.
func control(c rune) bool {
	return c < ' ' && c != '\n' && c != '\r' && c != '\t' || c >= 0x7f && c < 0xa0 && c != 0x85
}
