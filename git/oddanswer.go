package git

import (
	"bufio"
	"bytes"
	"errors"
	"strings"
)

// What answers of no git server that is asked as here begin with. A line has its length before it, in 4 digits.
const (
	serviceLine = "001e# service=git-upload-pack\n0000"
	versionLine = "version "
	errorLine   = "ERR "
	lineLength  = 4
)

var (
	errNoServer = fail(ErrUnavailable, "server answered, but not as a git server does: check the address")
	errPage     = fail(ErrUnavailable, "server answered with a web page: give the address that git clone takes, "+
		"and see whether a login page or a captive portal stands between")
	errSaidNo = fail(errProtocol, "server refuses in words of its own, an ERR line of git's protocol: its log says why")
)

// beginning refuses a body that is of no use by what it begins with, and gives its words to nobody.
func beginning(kind string, body *bufio.Reader) error {
	first, _ := body.Peek(len(serviceLine) + lineLength + len(versionLine) + 1) // as much as there is
	if kind != "advertisement" {
		if line := payload(first); bytes.HasPrefix(line, []byte(errorLine)) {
			return errSaidNo
		}
		return nil
	}
	line := payload(bytes.TrimPrefix(first, []byte(serviceLine)))
	if version, ok := bytes.CutPrefix(line, []byte(versionLine)); ok && len(version) > 0 {
		return fail(ErrUnavailable, "server speaks version %s of git's protocol without being asked to: it should answer in version 0 "+
			"to who names none; see what stands between", printable(string(version[:1])))
	}
	if len(first) > lineLength && first[lineLength] != '#' && !bytes.HasPrefix(line, []byte(errorLine)) {
		return errNoServer // else a mere end of it would be an empty repository
	}
	return nil
}

// payload is what stands after the length of a line.
func payload(line []byte) []byte {
	if len(line) < lineLength {
		return nil
	}
	return line[lineLength:]
}

// saidNo is the error of a server that lists no refs and says why. The words are only looked through: they are its own.
func saidNo(words string) error {
	switch is := about(strings.ToLower(words)); {
	case errors.Is(is, ErrNotFound):
		return fail(ErrNotFound, "repository not found, says the server: check the address, and that the credentials may read it")
	case errors.Is(is, ErrAuth):
		return fail(ErrAuth, "access denied, says the server: the repository needs credentials, or these may not read it")
	}
	return errSaidNo
}
