package git

import (
	"errors"
	"io/fs"
	"path/filepath"
	"strings"
)

// maxAlternates is how deep object stores may borrow from others, as in git.
const maxAlternates = 5

// alternates returns the object folder and those that it borrows from.
func alternates(folder string, depth int) ([]string, error) {
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
		more, err := alternates(absolute(folder, line), depth-1)
		if err != nil {
			return nil, err
		}
		folders = append(folders, more...)
	}
	return folders, nil
}
