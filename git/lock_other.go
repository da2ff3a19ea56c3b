//go:build !unix

package git

import "os"

// lockFile opens the file. There is no lock to take: two processes need cache folders of their own here.
func lockFile(name string) (*os.File, error) {
	return os.OpenFile(name, os.O_CREATE|os.O_RDWR, 0o600)
}
