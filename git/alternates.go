package git

import (
	"errors"
	"io/fs"
	"path/filepath"
	"strings"
)

// maxAlternates is how deep object stores may borrow from others, as in git.
const maxAlternates = 5

// alternates returns the object folder and those that it borrows from, each once.
func alternates(folder string) ([]string, error) {
	return lenders(folder, maxAlternates, map[string]bool{})
}

// lenders is alternates for those that were not seen before: some borrow from each other.
func lenders(folder string, depth int, seen map[string]bool) ([]string, error) {
	if folder = filepath.Clean(folder); seen[folder] {
		return nil, nil
	}
	seen[folder] = true
	folders := []string{folder}
	text, err := readSmall(filepath.Join(folder, "info", "alternates"))
	if errors.Is(err, fs.ErrNotExist) || depth == 0 {
		return folders, nil
	}
	if err != nil {
		return nil, err
	}
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line == "" || line[0] == '#' {
			continue
		}
		more, err := lenders(absolute(folder, line), depth-1, seen)
		if err != nil {
			return nil, err
		}
		folders = append(folders, more...)
	}
	return folders, nil
}
