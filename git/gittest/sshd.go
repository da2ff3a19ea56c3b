package gittest

import (
	"crypto/ed25519"
	"encoding/pem"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"
)

// SSHD is a real OpenSSH server on loopback that lets one key in and runs what that asks for, such as git-upload-pack.
type SSHD struct {
	Address  string // host and port
	User     string // whom it lets in: who runs the test
	Identity string // the private key that it lets in
	HostKeys []ssh.PublicKey
}

// ServeSSH starts an sshd of its own, with host keys of the kinds, as ed25519, and stops it when the test ends. The lines
// are added to its configuration. It skips the test where there is no sshd.
func ServeSSH(t testing.TB, kinds []string, lines ...string) *SSHD {
	t.Helper()
	program := findSSHD(t)
	dir := t.TempDir()
	s := &SSHD{Address: freeAddress(t)}
	me, err := user.Current()
	check(t, err)
	s.User = me.Username
	host, port, err := net.SplitHostPort(s.Address)
	check(t, err)
	config := append([]string{
		"ListenAddress " + host, "Port " + port, "PidFile none", "StrictModes no", "UsePAM no", "PasswordAuthentication no",
		"KbdInteractiveAuthentication no", "PermitRootLogin prohibit-password", "LogLevel ERROR", "MaxStartups 100",
		"AuthorizedKeysFile " + filepath.Join(dir, "authorized_keys"),
		"SetEnv GIT_CONFIG_GLOBAL=/dev/null SHLVL=2", // at that level bash reads nobody's startup files
	}, lines...)
	for _, kind := range kinds {
		name := filepath.Join(dir, "host_"+kind)
		config = append(config, "HostKey "+name)
		s.HostKeys = append(s.HostKeys, generate(t, name, kind))
	}
	var public ssh.PublicKey
	s.Identity, public = NewIdentity(t)
	check(t, os.WriteFile(filepath.Join(dir, "authorized_keys"), ssh.MarshalAuthorizedKey(public), 0o600))
	name := filepath.Join(dir, "sshd_config")
	check(t, os.WriteFile(name, []byte(strings.Join(config, "\n")+"\n"), 0o600))
	start(t, exec.Command(program, "-D", "-e", "-f", name), s.Address)
	return s
}

// URL is the address of a repository in a folder of this machine.
func (s *SSHD) URL(dir string) string { return "ssh://" + s.User + "@" + s.Address + dir }

// KnownHosts are the lines by which the server is known.
func (s *SSHD) KnownHosts() string {
	var lines strings.Builder
	for _, key := range s.HostKeys {
		fmt.Fprintln(&lines, knownhosts.Line([]string{s.Address}, key))
	}
	return lines.String()
}

// NewIdentity makes a key pair, the private half as ssh-keygen writes it.
func NewIdentity(t testing.TB) (private string, public ssh.PublicKey) {
	t.Helper()
	_, key, err := ed25519.GenerateKey(nil)
	check(t, err)
	block, err := ssh.MarshalPrivateKey(key, "")
	check(t, err)
	signer, err := ssh.NewSignerFromKey(key)
	check(t, err)
	return string(pem.EncodeToMemory(block)), signer.PublicKey()
}

// findSSHD wants the absolute path, as sshd does of itself.
func findSSHD(t testing.TB) string {
	t.Helper()
	for _, name := range []string{"sshd", "/usr/sbin/sshd"} {
		if program, err := exec.LookPath(name); err == nil {
			if os.Getuid() == 0 {
				check(t, os.MkdirAll("/run/sshd", 0o755)) // sshd, as root, does not start without
			}
			return program
		}
	}
	t.Skip("no sshd: install openssh-server to run this test")
	return ""
}

// generate has ssh-keygen make a host key.
func generate(t testing.TB, name, kind string) ssh.PublicKey {
	t.Helper()
	if out, err := exec.Command("ssh-keygen", "-q", "-t", kind, "-N", "", "-f", name).CombinedOutput(); err != nil {
		t.Fatalf("ssh-keygen -t %s: %v\n%s", kind, err, out)
	}
	text, err := os.ReadFile(name + ".pub")
	check(t, err)
	key, _, _, _, err := ssh.ParseAuthorizedKey(text)
	check(t, err)
	return key
}

// freeAddress is one on loopback that nobody listens on now.
func freeAddress(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

// start runs a server until the test ends, and returns when it answers at the address.
func start(t testing.TB, server *exec.Cmd, address string) {
	t.Helper()
	var said strings.Builder
	server.Stderr = &said
	check(t, server.Start())
	ended := make(chan struct{})
	go func() {
		_ = server.Wait() // it is killed
		close(ended)
	}()
	t.Cleanup(func() {
		_ = server.Process.Kill()
		<-ended
	})
	for {
		if conn, err := net.Dial("tcp", address); err == nil {
			_ = conn.Close()
			return
		}
		select {
		case <-ended:
			t.Fatalf("%s: %s", server.Path, said.String())
		default:
		}
	}
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
