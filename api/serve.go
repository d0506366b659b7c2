package api

import (
	"cmp"
	"context"
	"errors"
	"net"
	"net/http"

	"github.com/understudy-go/understudy/messages"
)

// Serve listens on server.Addr and serves until a signal arrives or ctx ends. Then it
// drains the System as DrainOnSignal does; after the functions of cfg.Finish it calls
// server.Shutdown, so that requests in flight are answered, and closes the
// connections that are still open when cfg.Limit has passed. Call it last in main:
//
//	err := system.Serve(ctx, server, understudy.DrainConfig{Finish: []func(context.Context) error{worker.Stop}})
//
// It serves TLS if server.TLSConfig has certificates or a function that returns them.
// Serve changes nothing in server: set its ReadHeaderTimeout, WriteTimeout and
// MaxHeaderBytes, or slow clients stay for ever.
//
// If the server cannot listen, or stops by itself, Serve drains at once, without the
// delay, and its error holds that of the server, http.ErrServerClosed included. A nil
// ctx or server, and a setting that DrainOnSignal refuses, is a *ConfigError, and
// nothing is done. After Shutdown, Serve returns ErrShutdown.
func (s *System) Serve(ctx context.Context, server *http.Server, cfg DrainConfig) error {
	cfg, err := s.drainConfig(ctx, cfg)
	if err != nil {
		return err
	}
	if server == nil {
		return badDrain("server", messages.MustNotBeNil)
	}
	if s.isClosing() {
		return ErrShutdown
	}
	end, stop := awaitSignals(cfg.Signals)
	defer stop()
	served, stopped := context.WithCancelCause(context.WithoutCancel(ctx))
	go func() { stopped(s.listenAndServe(server)) }() // ends when the server does
	end.server = served
	var own error // the error of a server that stopped by itself
	cfg.Finish = append(cfg.Finish, func(ctx context.Context) error {
		own = context.Cause(served)
		err := server.Shutdown(ctx)
		if err != nil {
			err = errors.Join(err, server.Close())
		}
		return err
	})
	err = s.drainOn(ctx, cfg, end)
	<-served.Done()
	return errors.Join(own, err)
}

// listenAndServe is http.Server.ListenAndServe, or ListenAndServeTLS if server has
// certificates. It logs the address.
func (s *System) listenAndServe(server *http.Server) error {
	byDefault := ":http"
	if servesTLS(server) {
		byDefault = ":https"
	}
	listener, err := net.Listen("tcp", cmp.Or(server.Addr, byDefault))
	if err != nil {
		return err
	}
	defer listener.Close() // ServeTLS returns before it has the listener if TLSConfig is invalid
	s.runtime.Logger().Info("Serving", "address", listener.Addr().String())
	if servesTLS(server) {
		return server.ServeTLS(listener, "", "")
	}
	return server.Serve(listener)
}

func servesTLS(server *http.Server) bool {
	c := server.TLSConfig
	return c != nil && (len(c.Certificates) > 0 || c.GetCertificate != nil || c.GetConfigForClient != nil)
}
