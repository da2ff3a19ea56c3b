package git

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net/url"
	"strings"

	"github.com/go-git/go-git/v5/plumbing/format/pktline"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp"
	"github.com/go-git/go-git/v5/plumbing/transport"
	"golang.org/x/crypto/ssh"
)

// sshSession is git-upload-pack at the other end of an ssh connection. It implements transport.UploadPackSession; the ctx
// of its methods goes unused, since that of the connection ends all of them.
type sshSession struct {
	client    *ssh.Client
	session   *ssh.Session
	stop      func() bool // forgets the ctx of the connection
	in        io.WriteCloser
	out       io.Reader
	complaint complaint
	advert    *packp.AdvRefs
}

// newSSHSession starts the program. After an error the client is still the caller's to close.
func newSSHSession(client *ssh.Client, at *url.URL, stop func() bool) (*sshSession, error) {
	session, err := client.NewSession()
	if err != nil {
		return nil, err
	}
	s := &sshSession{client: client, session: session, stop: stop}
	session.Stderr = &s.complaint
	if s.in, err = session.StdinPipe(); err != nil {
		return nil, err
	}
	if s.out, err = session.StdoutPipe(); err != nil {
		return nil, err
	}
	return s, session.Start(transport.UploadPackServiceName + " " + quoted(sshPath(at)))
}

// quoted is a text as one word of a shell, as git's own client quotes it: an exclamation mark too, for the C shell.
func quoted(text string) string {
	return "'" + strings.NewReplacer("'", `'\''`, "!", `'\!'`).Replace(text) + "'"
}

// AdvertisedReferences implements transport.UploadPackSession.
func (s *sshSession) AdvertisedReferences() (*packp.AdvRefs, error) {
	return s.AdvertisedReferencesContext(context.Background())
}

// AdvertisedReferencesContext implements transport.UploadPackSession.
func (s *sshSession) AdvertisedReferencesContext(context.Context) (*packp.AdvRefs, error) {
	if s.advert != nil {
		return s.advert, nil
	}
	advert := packp.NewAdvRefs()
	err := advert.Decode(boundAdvert(s.out))
	switch {
	case err != nil:
		return nil, s.explain(err)
	case advert.IsEmpty():
		return nil, transport.ErrEmptyRemoteRepository
	}
	transport.FilterUnsupportedCapabilities(advert.Capabilities)
	s.advert = advert
	return advert, nil
}

// explain says why there is no list of refs. An empty one is believed only of a program that ends well, since a server in
// trouble may send one, too.
func (s *sshSession) explain(err error) error {
	if line, ok := errors.AsType[*pktline.ErrorLine](err); ok {
		return told(line.Text)
	}
	empty := errors.Is(err, packp.ErrEmptyAdvRefs)
	if !empty && !errors.Is(err, packp.ErrEmptyInput) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return err
	}
	if empty {
		_, _ = s.in.Write(pktline.FlushPkt)
	}
	_ = s.in.Close()
	ended := s.session.Wait()
	if empty && ended == nil {
		return transport.ErrEmptyRemoteRepository
	}
	if netReason(ended) != "" {
		return ended
	}
	return told(s.complaint.String())
}

// UploadPack implements transport.UploadPackSession.
func (s *sshSession) UploadPack(_ context.Context, request *packp.UploadPackRequest) (*packp.UploadPackResponse, error) {
	if request.IsEmpty() {
		return nil, transport.ErrEmptyUploadPackRequest
	}
	if err := request.Validate(); err != nil {
		return nil, err
	}
	var text bytes.Buffer
	err := errors.Join(request.UploadRequest.Encode(&text), request.UploadHaves.Encode(&text, false),
		pktline.NewEncoder(&text).EncodeString("done\n"))
	if err != nil {
		return nil, err
	}
	if _, err := text.WriteTo(s.in); err != nil {
		return nil, err
	}
	if err := s.in.Close(); err != nil {
		return nil, err
	}
	answer := bufio.NewReader(boundPack(s.out))
	if err := beginning("result", answer); err != nil {
		return nil, err
	}
	response := packp.NewUploadPackResponse(request)
	return response, response.Decode(limited{answer, s})
}

// Close implements transport.UploadPackSession.
func (s *sshSession) Close() error {
	s.stop()
	_ = s.session.Close() // the server may have ended it
	_ = s.client.Close()
	return nil
}

// maxComplaint is how much is kept of what a server says to people, in bytes.
const maxComplaint = 4 << 10

// complaint keeps the beginning of what is written to it.
type complaint struct{ bytes.Buffer }

func (c *complaint) Write(p []byte) (int, error) {
	c.Buffer.Write(p[:min(len(p), maxComplaint-c.Len())])
	return len(p), nil
}

// told is the error of a server that has said in words why it refuses. The words are only looked through: they are its own.
func told(words string) error {
	switch is := about(strings.ToLower(words)); {
	case errors.Is(is, ErrNotFound):
		return fail(ErrNotFound, "repository not found: check the address, and that the key may read it")
	case errors.Is(is, ErrAuth):
		return fail(ErrAuth, "access denied: the key of the credentials may not read the repository")
	}
	return fail(ErrUnavailable, "server ended the conversation without a list of refs: try again later")
}

// about returns the kind of error that a server's words in lower case are about, nil for one that they do not tell.
func about(words string) error {
	said := func(phrases ...string) bool {
		for _, phrase := range phrases {
			if strings.Contains(words, phrase) {
				return true
			}
		}
		return false
	}
	switch {
	case said("not found", "does not exist", "does not appear to be a git repository", "could not be found", "no such", "cannot find"):
		return ErrNotFound
	case said("denied", "unauthorized", "not authorized", "not allowed", "forbidden", "permission", "do not have access"):
		return ErrAuth
	}
	return nil
}
