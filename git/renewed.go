package git

import (
	"crypto/sha256"
	"maps"
	"slices"
)

// shown is a sum of what is shown to a server, and of whom signatures are trusted of.
type shown [sha256.Size]byte

// Renewed reports whether the files of the credentials or of the trusted keys are others than when Fetch was called last, so
// that what was refused then may be accepted now. It makes no network call.
func (r *Repository) Renewed() bool {
	before := r.shown.Load()
	return before != nil && *before != r.shows()
}

// shows reads both folders. What cannot be read counts with what is wrong with it.
func (r *Repository) shows() shown {
	sum := sha256.New()
	note := func(texts ...string) {
		for _, text := range texts {
			part := sha256.Sum256([]byte(text))
			_, _ = sum.Write(part[:])
		}
	}
	if r.credentials != "" {
		read, err := readCredentials(r.credentials)
		if err != nil {
			note(err.Error())
		} else {
			for _, name := range slices.Sorted(maps.Keys(read.files)) {
				note(name, read.files[name])
			}
		}
	}
	if r.keys != nil {
		files, err := r.keys.files()
		if err != nil {
			note(err.Error())
		}
		for _, f := range files {
			note(f.name, string(f.content))
		}
	}
	return shown(sum.Sum(nil))
}
