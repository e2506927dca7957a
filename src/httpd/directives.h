/* The directives, all of them generated from the model's rows. */
#ifndef PROV_HTTPD_DIRECTIVES_H
#define PROV_HTTPD_DIRECTIVES_H

#include <httpd.h>
#include <http_config.h>

extern command_rec prov_httpd_commands[];

#endif
