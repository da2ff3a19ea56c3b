package controlplane

import (
	"io"
	"os"
	"strings"
)

const (
	tailLines = 10
	tailBytes = 16 << 10
)

// tail returns the last lines of a log, each indented. Why a log cannot be read is of no use to who asks why its writer
// ended, so that gives nothing.
func tail(path string) string {
	f, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer func() { _ = f.Close() }()
	if end, err := f.Seek(0, io.SeekEnd); err == nil {
		_, _ = f.Seek(max(0, end-tailBytes), io.SeekStart)
	}
	data, _ := io.ReadAll(f)
	lines := strings.Split(strings.TrimRight(string(data), "\n"), "\n")
	lines = lines[max(0, len(lines)-tailLines):]
	return "  " + strings.Join(lines, "\n  ")
}
