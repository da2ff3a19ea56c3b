package live

import (
	"bytes"
	"io"
	"os"

	"golang.org/x/term"
)

// Frame is a picture in the making that is to stand on Out. What writes to it draws as it would on Out itself.
type Frame struct {
	Out io.Writer
	bytes.Buffer
}

// Show writes the picture and begins a new one. On a terminal it takes the place of all that is shown.
func (f *Frame) Show() error {
	defer f.Reset()
	text := f.Bytes()
	if f.Moves() {
		text = append([]byte("\x1b[H"), bytes.ReplaceAll(text, []byte("\n"), []byte(clearLine+"\n"))...)
		text = append(text, clearBelow...)
	}
	_, err := f.Out.Write(text)
	return err
}

// Moves reports whether the picture is drawn in place.
func (f *Frame) Moves() bool {
	file, isFile := f.Out.(*os.File)
	return isFile && IsTerminal(file)
}

// terminalOf returns the terminal that out is, or is to stand on.
func terminalOf(out io.Writer) (*os.File, bool) {
	if frame, ok := out.(*Frame); ok {
		out = frame.Out
	}
	file, isFile := out.(*os.File)
	return file, isFile && term.IsTerminal(int(file.Fd()))
}
